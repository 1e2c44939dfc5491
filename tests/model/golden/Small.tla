---- MODULE Small ----

\* Small, written by edgeproof from its model.
\* Options: fused=yes
\* Hazards: blow
\* Numbers: Room=2, V=2, D=1
\* Time advances in whole ticks. A clock stops one above the largest value it is compared with:
\* on_for at 2

EXTENDS Integers

CONSTANTS
  Room,  \* rooms
  V,  \* the most
  D,  \* how long a lamp may stay on
  cap_on_for  \* where the clock on_for is cut off

VARIABLES
  lit,  \* a lamp is on
  on_for,
  mode,
  used

vars == <<lit, on_for, mode, used>>

RoomIds == 0 .. Room - 1

Cut(value, cap) == IF value < cap THEN value ELSE cap

TypeOK ==
  /\ lit \in [RoomIds -> BOOLEAN]
  /\ on_for \in [RoomIds -> 0 .. cap_on_for]
  /\ mode \in {"day", "night"}
  /\ used \in 0 .. V

Init ==
  /\ lit = [i \in RoomIds |-> FALSE]
  /\ on_for = [i \in RoomIds |-> 0]
  /\ mode = "day"
  /\ used \in 0 .. V

\* Somebody switches a lamp on.
switch(room) ==
  /\ mode = "night"
  /\ used < V
  /\ lit' = [lit EXCEPT ![room] = TRUE]
  /\ used' = used + 1
  /\ on_for' = [on_for EXCEPT ![room] = on_for[room]]
  /\ UNCHANGED <<mode>>

turn ==
  /\ TRUE
  /\ mode' = "night"
  /\ UNCHANGED <<lit, on_for, used>>

\* The fuse blows.
blow ==
  /\ TRUE
  /\ lit' = [room \in RoomIds |-> FALSE]
  /\ on_for' = [room \in RoomIds |-> 0]
  /\ UNCHANGED <<mode, used>>

\* Time passes, as far as no deadline is broken.
tick ==
  /\ (\A room_0 \in RoomIds : ((IF lit[room_0] THEN (on_for[room_0] + 1) ELSE 0) <= D))
  /\ on_for' = [room \in RoomIds |-> Cut((IF lit[room] THEN (on_for[room] + 1) ELSE 0), cap_on_for)]
  /\ UNCHANGED <<lit, mode, used>>

Next ==
  \/ \E room \in RoomIds : switch(room)
  \/ turn
  \/ blow
  \/ tick

Spec == Init /\ [][Next]_vars

Fairness ==
  /\ \A room \in RoomIds : WF_vars(switch(room))
  /\ WF_vars(tick)

FairSpec == Spec /\ Fairness

\* A step that is no fault.
Calm ==
  \/ \E room \in RoomIds : switch(room)
  \/ turn
  \/ tick

dark_at_day ==
  (\A room_0 \in RoomIds : ~lit[room_0])

still == [][
    /\ (turn => (mode = "night"))
  ]_vars

\* The same for steps that change no variable, of which [][...]_vars says nothing.
still_in_place ==
    /\ ((TRUE /\ "night" = mode) => (mode = "night"))

dark_in_the_end ==
  <>[][Calm]_vars => <>[](\A room_0 \in RoomIds : ~lit[room_0])

====
