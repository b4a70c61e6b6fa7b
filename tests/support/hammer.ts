import { Agent, request as httpRequest } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { hostAndPort } from "./ask-gateway";
import { patienceMs } from "./patience";

export interface HammerOptions {
  readonly host: string;
  readonly path?: string;
  /** `username:password`. Without it, the visitors are anonymous. */
  readonly user?: string;
  /** The number of concurrent visitors, each on a kept connection. The default is 8. */
  readonly clients?: number;
  /** The pause of each visitor between two requests, in ms. The default is 0. */
  readonly pauseMs?: number;
}

export interface Tally {
  /** The number of answers by status. */
  readonly byStatus: ReadonlyMap<number, number>;
  readonly answers: number;
  /** The number of requests without an answer: no connection, or a broken one. */
  readonly unanswered: number;
}

export interface Hammer {
  tally(): Tally;
  /** Resolves once this many answers have arrived in all. */
  untilAnswers(answers: number): Promise<void>;
  stop(): Promise<Tally>;
}

const running = new Set<Hammer>();

/** For `afterEach`: stops the visitors that a failed test left running. */
export async function stopHammers(): Promise<void> {
  await Promise.all([...running].map((hammer) => hammer.stop()));
}

/** Starts visitors who send requests to a gateway without a pause until they are stopped. */
export function startHammer(address: string, options: HammerOptions): Hammer {
  const byStatus = new Map<number, number>();
  let answers = 0;
  let unanswered = 0;
  let stopping = false;
  const visitors = Array.from({ length: options.clients ?? 8 }, visit);

  async function visit(): Promise<void> {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    while (!stopping) {
      const status = await ask(address, agent, options);
      if (status === null) {
        unanswered++;
        await delay(5);
      } else {
        answers++;
        byStatus.set(status, (byStatus.get(status) ?? 0) + 1);
      }
      if (options.pauseMs) await delay(options.pauseMs);
    }
    agent.destroy();
  }

  const tally = (): Tally => ({ byStatus: new Map(byStatus), answers, unanswered });
  const hammer: Hammer = {
    tally,
    async untilAnswers(wanted) {
      while (answers < wanted && !stopping) await delay(10);
    },
    async stop() {
      stopping = true;
      await Promise.all(visitors);
      running.delete(hammer);
      return tally();
    },
  };
  running.add(hammer);
  return hammer;
}

/** The status, or null if no complete answer arrived. */
function ask(address: string, agent: Agent, { host, path = "/", user }: HammerOptions): Promise<number | null> {
  const [hostname, port] = hostAndPort(address);
  const authorization =
    user === undefined ? {} : { authorization: `Basic ${Buffer.from(user, "utf8").toString("base64")}` };
  return new Promise((resolve) => {
    const sent = httpRequest(
      { hostname, port, path, agent, headers: { host, ...authorization }, timeout: patienceMs },
      (answer) => {
        answer.resume();
        answer.on("error", () => resolve(null));
        answer.on("end", () => resolve(answer.statusCode ?? null));
      },
    );
    sent.on("timeout", () => sent.destroy());
    sent.on("error", () => resolve(null));
    sent.end();
  });
}
