import { createRequire } from "node:module";
import { Worker } from "node:worker_threads";

/**
 * bcrypt away from the event loop: at cost 10 one hash keeps a core busy for about 50 ms.
 *
 * The threads start with the first hash, and keep the process alive only while they work. Their program is a string,
 * so that it needs no file of its own in a bundle; it loads the same `bcryptjs` that this module finds in node_modules.
 */

const most = 2;

interface Job {
  readonly password: string;
  /** `$2b$<cost>$` and 22 characters. */
  readonly salt: string;
  readonly resolve: (hash: string) => void;
  readonly reject: (problem: Error) => void;
}

interface Member {
  readonly thread: Worker;
  job: Job | null;
}

const program = `
const { parentPort, workerData } = require("node:worker_threads");
const { hashSync } = require(workerData.bcryptjs);
parentPort.on("message", ({ password, salt }) => parentPort.postMessage(hashSync(password, salt)));
`;

const members: Member[] = [];
const waiting: Job[] = [];

/**
 * Hashes on one of at most two threads; further calls wait their turn.
 * @param salt `$2b$<cost>$` and 22 characters
 * @throws Error the thread died; the next call starts another
 */
export function bcryptInWorker(password: string, salt: string): Promise<string> {
  return new Promise((resolve, reject) => {
    waiting.push({ password, salt, resolve, reject });
    work();
  });
}

function work(): void {
  while (waiting.length > 0) {
    const member = members.find((one) => one.job === null) ?? (members.length < most ? start() : null);
    const job = member === null ? undefined : waiting.shift();
    if (member === null || job === undefined) return;
    member.job = job;
    member.thread.ref();
    member.thread.postMessage({ password: job.password, salt: job.salt });
  }
}

function start(): Member {
  const bcryptjs = createRequire(import.meta.url).resolve("bcryptjs");
  // No options of this process (loaders, inspectors, test runners) are handed on to the thread.
  const thread = new Worker(program, { eval: true, execArgv: [], env: {}, workerData: { bcryptjs } });
  const member: Member = { thread, job: null };
  const finish = (): Job | null => {
    const { job } = member;
    member.job = null;
    thread.unref();
    return job;
  };
  const die = (problem: Error): void => {
    const at = members.indexOf(member);
    if (at >= 0) members.splice(at, 1);
    finish()?.reject(problem);
    work();
  };
  thread.on("message", (hash: string) => {
    finish()?.resolve(hash);
    work();
  });
  // The cause may quote what the thread was given, so it is not passed on.
  thread.on("error", () => die(new Error("the bcrypt thread failed")));
  thread.on("exit", () => die(new Error("the bcrypt thread ended")));
  thread.unref();
  members.push(member);
  return member;
}
