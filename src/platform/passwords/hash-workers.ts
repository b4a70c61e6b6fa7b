import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { Options } from "@node-rs/argon2";

/**
 * Slow hashes on separate threads: one hash keeps a core busy for 10 to 250 ms.
 *
 * They run neither on the event loop nor in libuv's pool, whose four threads also serve the file system and DNS. On
 * Linux they run at a lower priority than the rest of this process. If they share a core with the event loop, or with
 * PostgreSQL on the same machine, they get only the time that those do not need.
 *
 * The threads start with the first hash, and keep the process alive only while they work. Their program is a string, so
 * that a bundle needs no separate file; it loads the same packages that this module finds in node_modules.
 */

/** One core remains for the rest of the process. More than four threads would only use memory: 20 MB for each hash. */
export const hashThreads = Math.min(4, Math.max(1, availableParallelism() - 1));

/** The minimum that OWASP recommends: 19 MiB, two passes, one lane. Argon2id is the library's default. */
const argon2id = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const satisfies Options;

/**
 * The niceness of these threads relative to the process: each gets a quarter of a core for which one other thread
 * competes.
 */
const nicer = 5;

type HashJob =
  /** `salt`: `$2b$<cost>$` and 22 characters. */
  | { readonly kind: "bcrypt"; readonly password: string; readonly salt: string }
  | { readonly kind: "argon2"; readonly password: string }
  /** `hash`: Argon2 in PHC form. */
  | { readonly kind: "argon2Verify"; readonly password: string; readonly hash: string };

interface Running {
  readonly resolve: (result: unknown) => void;
  readonly reject: (problem: Error) => void;
}

interface Member {
  readonly thread: Worker;
  running: Running | null;
}

// /proc/thread-self contains "<process>/task/<thread>". Only Linux has a niceness for each thread.
const program = `
const { parentPort, workerData } = require("node:worker_threads");
const { hashSync: bcrypt } = require(workerData.bcryptjs);
const { hashSync: argon2, verifySync } = require(workerData.argon2);
try {
  const [, own, thread] = /^(\\d+)\\/task\\/(\\d+)$/.exec(require("node:fs").readlinkSync("/proc/thread-self"));
  const { getPriority, setPriority } = require("node:os");
  if (Number(own) === process.pid) setPriority(Number(thread), Math.min(19, getPriority(Number(thread)) + workerData.nicer));
} catch {}
const kinds = {
  bcrypt: ({ password, salt }) => bcrypt(password, salt),
  argon2: ({ password }) => argon2(password, workerData.argon2id),
  argon2Verify: ({ password, hash }) => verifySync(hash, password),
};
parentPort.on("message", (job) => {
  let reply = { ok: false };
  try {
    reply = { ok: true, result: kinds[job.kind](job) };
  } catch {}
  parentPort.postMessage(reply);
});
`;

const members: Member[] = [];
const waiting: { readonly job: HashJob; readonly running: Running }[] = [];

/**
 * Computes a bcrypt hash. If all threads are busy, calls wait without a limit: `hashQueues` limits the callers.
 * @param salt `$2b$<cost>$` and 22 characters
 * @throws Error the hash failed; the message never quotes its input
 */
export async function bcryptInWorker(password: string, salt: string): Promise<string> {
  return String(await runInWorker({ kind: "bcrypt", password, salt }));
}

/** Computes an Argon2id hash with a random salt, in PHC form. @throws Error */
export async function argon2InWorker(password: string): Promise<string> {
  return String(await runInWorker({ kind: "argon2", password }));
}

/** Verifies a password against an Argon2 hash in PHC form. @throws Error the hash has another form */
export async function verifyArgon2InWorker(password: string, hash: string): Promise<boolean> {
  return (await runInWorker({ kind: "argon2Verify", password, hash })) === true;
}

function runInWorker(job: HashJob): Promise<unknown> {
  return new Promise((resolve, reject) => {
    waiting.push({ job, running: { resolve, reject } });
    work();
  });
}

function work(): void {
  while (waiting.length > 0) {
    const member = members.find(({ running }) => running === null) ?? (members.length < hashThreads ? start() : null);
    const next = member === null ? undefined : waiting.shift();
    if (member === null || next === undefined) return;
    member.running = next.running;
    member.thread.ref();
    member.thread.postMessage(next.job);
  }
}

function start(): Member {
  const { resolve } = createRequire(import.meta.url);
  const workerData = { bcryptjs: resolve("bcryptjs"), argon2: resolve("@node-rs/argon2"), argon2id, nicer };
  // The thread gets no options of this process (loaders, inspectors, test runners).
  const thread = new Worker(program, { eval: true, execArgv: [], env: {}, workerData });
  const member: Member = { thread, running: null };
  const finish = (): Running | null => {
    const { running } = member;
    member.running = null;
    thread.unref();
    return running;
  };
  const die = (problem: Error): void => {
    const at = members.indexOf(member);
    if (at >= 0) members.splice(at, 1);
    finish()?.reject(problem);
    work();
  };
  thread.on("message", (reply: { readonly ok: boolean; readonly result?: unknown }) => {
    const running = finish();
    if (reply.ok) running?.resolve(reply.result);
    else running?.reject(new Error("the password could not be hashed"));
    work();
  });
  // The cause may quote the input of the thread, so it is not passed on.
  thread.on("messageerror", () => finish()?.reject(new Error("the message of a hashing thread could not be read")));
  thread.on("error", () => die(new Error("a hashing thread failed")));
  thread.on("exit", () => die(new Error("a hashing thread ended")));
  thread.unref();
  members.push(member);
  return member;
}
