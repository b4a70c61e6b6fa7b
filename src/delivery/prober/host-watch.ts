import { Refusal } from "../../platform/errors/refusal";
import { fairQueue } from "../../platform/fair-share";
import {
  comparedHeaders,
  type HostAnswer,
  type NamedAnswer,
  servedElsewhere,
} from "../../platform/net/served-elsewhere";
import type { HostWatch, RandomBytes } from "../../platform/values";
import { isWildcard } from "../../traefik/compiler/well-formed";
import { type GatewayAnswer, type GatewayClient, gatewayClient } from "./gateway-client";

interface HostWatchOptions {
  readonly random: RandomBytes;
  /** ms of a monotonic clock */
  readonly now?: () => number;
  readonly client?: Pick<GatewayClient, "ask">;
}

/** An answer later than this counts as none, in ms. A claim waits for three of them at most, side by side. */
const timeoutMs = 1_500;
/** How long what random names get at a gateway is remembered, in ms. */
const rememberedMs = 5_000;
/** Hosts that somebody else serves which one organization may find before it has to wait. */
const finds = { most: 20, withinMs: 600_000 };

/**
 * The bounds keep it from being used to scan a gateway: few questions of one organization at a time, and after 20 hosts
 * in ten minutes that somebody else serves no more claims, until the oldest of them is ten minutes ago. Claims of free
 * hosts are not counted.
 */
export function makeHostWatch({ random, now = () => performance.now(), client }: HostWatchOptions): HostWatch {
  const { ask } = client ?? gatewayClient({ timeoutMs, connections: 16 });
  const inTurn = fairQueue({
    running: { total: 16, perOwner: 4 },
    waiting: { total: 512, perOwner: 64 },
    refuse: () => new Refusal("busy", { work: "host names to check", retryAfter: 1 }),
  });
  const backgrounds = new Map<string, { readonly at: number; readonly names: Promise<Background | null> }>();
  const found = new Map<string, number[]>();

  const answerFor = async (address: string, name: string): Promise<NamedAnswer | null> => {
    const answer = await ask(address, name, "/");
    return answer === null ? null : { name, answer: toHostAnswer(answer) };
  };

  /** Asked once for all claims of a few seconds, the same names for nobody twice. */
  const backgroundOf = (address: string, length: number): Promise<Background | null> => {
    const key = `${address} ${length}`;
    const known = backgrounds.get(key);
    if (known !== undefined && now() - known.at < rememberedMs) return known.names;
    for (const [old, { at }] of backgrounds) if (now() - at >= rememberedMs) backgrounds.delete(old);
    const names = Promise.all([0, 1].map(() => answerFor(address, randomName(random, length)))).then(([one, other]) =>
      one && other ? ([one, other] as const) : null,
    );
    backgrounds.set(key, { at: now(), names });
    return names;
  };

  const requireFinds = (owner: string): void => {
    const recent = (found.get(owner) ?? []).filter((at) => now() - at < finds.withinMs);
    if (recent.length === 0) found.delete(owner);
    else found.set(owner, recent);
    const [oldest] = recent;
    if (oldest === undefined || recent.length < finds.most) return;
    const retryAfter = Math.ceil((oldest + finds.withinMs - now()) / 1_000);
    throw new Refusal("rate_limited", { limit: "host_checks", retryAfter });
  };

  return {
    servedElsewhere: (address, host, owner) =>
      inTurn(owner, async () => {
        requireFinds(owner);
        const name = isWildcard(host) ? `p${random(8).toString("hex")}${host.slice(1)}` : host;
        const [asked, background] = await Promise.all([
          answerFor(address, name),
          backgroundOf(address, Math.max(shortest, name.length)),
        ]);
        const seen = asked && background ? servedElsewhere(asked, background) : null;
        if (seen !== null) found.set(owner, [...(found.get(owner) ?? []), now()]);
        return seen;
      }),
  };
}

type Background = readonly [NamedAnswer, NamedAnswer];

const shortest = 16;

/** As long as the host that it stands for: a catch-all that answers with the name then answers as many bytes. */
function randomName(random: RandomBytes, length: number): string {
  const suffix = ".invalid";
  const labels =
    random(128)
      .toString("hex")
      .match(/.{1,60}/g) ?? [];
  return `p${labels.join(".p").slice(0, length - suffix.length - 2)}0${suffix}`;
}

function toHostAnswer({ status, tag, headers }: GatewayAnswer): HostAnswer {
  const present = comparedHeaders.flatMap((name) => {
    const value = headers[name];
    return typeof value === "string" ? [[name, value] as const] : [];
  });
  return { status, tagged: tag !== null, headers: Object.fromEntries(present) };
}
