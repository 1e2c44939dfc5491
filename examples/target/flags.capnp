# SPDX-License-Identifier: Apache-2.0
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [ (name = "main", worker = .worker) ],
  sockets = [ (name = "http", address = "127.0.0.1:8787", http = (), service = "main") ] );

const worker :Workerd.Worker = (
  modules = [ (name = "flags.ts", esModule = embed "flags.ts") ],
  compatibilityDate = "2026-11-01",
  compatibilityFlags = ["typescript_strip_types"], # the runtime itself takes the types out
  durableObjectNamespaces = [ (className = "FlagStore", uniqueKey = "flags") ],
  durableObjectStorage = (inMemory = void),
  bindings = [ (name = "STORE", durableObjectNamespace = "FlagStore") ] );
