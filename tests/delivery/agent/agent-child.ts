import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import pino from "pino";
import { connectRemotely } from "#src/delivery/agent/remote-connection";
import type { GatewayConnection } from "#src/delivery/protocol/gateway-connection";
import { Peer } from "#src/delivery/protocol/peer";
import { bundled } from "#tests/support/bundled";

/** The applier and the prober of a gateway in a separate process, which communicates with this process over a pipe. */
export interface AgentChild {
  readonly pid: number;
  readonly peer: Peer;
  readonly connection: GatewayConnection;
  /** Its output on standard error. */
  errors(): string;
  kill(signal: NodeJS.Signals): void;
  /** Ends the process if it still runs, and removes its settings. */
  stop(): Promise<void>;
  /** The exit code, or the signal's name. */
  readonly ended: Promise<number | NodeJS.Signals>;
}

interface AgentSettings {
  readonly gatewayId: string;
  readonly folder: string;
  /** The key with which it verifies bundles. */
  readonly key: string;
  /** The key that signs bundles, if it is a different one. */
  readonly signsWith?: string;
}

const entry = join(import.meta.dirname, "../../../src/delivery/agent/agent-process.ts");
const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

export function startAgent({ gatewayId, folder, key, signsWith = key }: AgentSettings): AgentChild {
  const own = mkdtempSync(join(tmpdir(), "portcullis-agent-"));
  const settings = join(own, "agent.json");
  writeFileSync(settings, JSON.stringify({ gatewayId, keys: [key], folder: { folder } }), { mode: 0o600 });
  const child = spawn(process.execPath, [bundled(entry), settings], {
    stdio: ["pipe", "pipe", "pipe"],
    env: { PATH: process.env.PATH ?? "", NODE_ENV: "test" },
  });
  running.add(child);
  let errors = "";
  child.stderr.on("data", (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const ended = once(child, "close").then(([code, signal]): number | NodeJS.Signals => {
    running.delete(child);
    return code ?? signal;
  });
  const peer = peerOf(child.stdout, child.stdin);
  return {
    pid: child.pid ?? 0,
    peer,
    connection: connectRemotely(peer, signsWith),
    errors: () => errors,
    kill: (signal) => child.kill(signal),
    ended,
    async stop() {
      peer.close("the test is over");
      child.kill("SIGKILL");
      await ended;
      rmSync(own, { recursive: true, force: true });
    },
  };
}

function peerOf(input: Readable, output: Writable): Peer {
  return new Peer({ input, output, log: pino({ level: "silent" }) });
}
