import { Agent, request as httpRequest } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { hostAndPort } from "./ask-gateway";
import { patienceMs } from "./patience";

export interface HammerOptions {
  readonly host: string;
  readonly path?: string;
  /** `username:password`; without it the visitors are anonymous. */
  readonly user?: string;
  /** Visitors at once, each on a connection that it keeps. Default 8. */
  readonly clients?: number;
  /** Pause of each visitor between two questions, in ms. Default 0. */
  readonly pauseMs?: number;
}

export interface Tally {
  /** Answers by status. */
  readonly byStatus: ReadonlyMap<number, number>;
  readonly answers: number;
  /** Questions without an answer: no connection, or one that broke. */
  readonly unanswered: number;
}

export interface Hammer {
  tally(): Tally;
  /** Resolves once there were so many answers in all. */
  untilAnswers(answers: number): Promise<void>;
  stop(): Promise<Tally>;
}

const running = new Set<Hammer>();

/** For `afterEach`: a test that failed leaves nobody behind. */
export async function stopHammers(): Promise<void> {
  await Promise.all([...running].map((hammer) => hammer.stop()));
}

/** Visitors who ask a gateway without pause until they are told to stop. */
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

/** The status, or null where no whole answer came. */
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
