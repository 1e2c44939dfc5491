/*
 * Small, written by edgeproof from its model.
 * Options: fused=yes
 * Hazards: blow
 * Numbers: Room=2, V=2, D=1
 * Time advances in whole ticks. A clock stops one above the largest value it is compared with:
 * on_for at 2
 * SPIN counts one state too many: the one before the initial values are chosen.
 * Not in here, as SPIN's fairness is between processes: dark-in-the-end.
 */

#define Room 2
#define V 2
#define D 1

#define mode_day 0
#define mode_night 1

bool lit[2] = 0;  /* a lamp is on */
byte on_for[2] = 0;
byte mode = mode_day;
byte used = 0;

bool violates_dark_at_day = true;  /* never changed: what a failed assertion is called */
bool violates_still = true;
bool out_of_range_used = true;

active proctype Small() {
  atomic {
    if :: used = 0 :: used = 1 :: used = 2 fi;
  }
end: do
  /* Somebody switches a lamp on. */
  :: d_step { /* switch(room=0) */
      (mode == mode_night) && (used < V) ->
      if :: ((used + 1) <= V) && (0 <= (used + 1))
         :: else -> assert(!out_of_range_used)
      fi;
      lit[0] = true;
      used = used + 1;
    }
  :: d_step { /* switch(room=1) */
      (mode == mode_night) && (used < V) ->
      if :: ((used + 1) <= V) && (0 <= (used + 1))
         :: else -> assert(!out_of_range_used)
      fi;
      lit[1] = true;
      used = used + 1;
    }
  :: d_step { /* turn() */
      true ->
      if :: mode == mode_night
         :: else -> assert(!violates_still)
      fi;
      mode = mode_night;
    }
  /* The fuse blows. */
  :: d_step { /* blow() */
      true ->
      lit[0] = false;
      lit[1] = false;
      on_for[0] = 0;
      on_for[1] = 0;
    }
  /* Time passes, as far as no deadline is broken. */
  :: d_step { /* tick() */
      ((lit[0] -> (on_for[0] + 1) : 0) <= D) && ((lit[1] -> (on_for[1] + 1) : 0) <= D) ->
      on_for[0] = (lit[0] -> (((on_for[0] + 1) < 2) -> (on_for[0] + 1) : 2) : 0);
      on_for[1] = (lit[1] -> (((on_for[1] + 1) < 2) -> (on_for[1] + 1) : 2) : 0);
    }
  :: d_step { !(!lit[0] && !lit[1]) ->
      assert(!violates_dark_at_day)
    }
  od
}
