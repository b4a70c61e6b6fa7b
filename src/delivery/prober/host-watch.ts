import { Refusal } from "#src/platform/errors/refusal";
import { fairQueue } from "#src/platform/fair-share";
import {
  comparedHeaders,
  type HostResponse,
  type NamedResponse,
  servedElsewhere,
} from "#src/platform/net/served-elsewhere";
import type { HostWatch, RandomBytes } from "#src/platform/values";
import { isWildcard } from "#src/traefik/compiler/well-formed";
import { type GatewayClient, type GatewayResponse, gatewayClient } from "./gateway-client";

interface HostWatchOptions {
  readonly random: RandomBytes;
  /** Milliseconds of a monotonic clock. */
  readonly now?: () => number;
  readonly client?: Pick<GatewayClient, "request">;
}

/**
 * A response that takes longer counts as none, in ms. A claim waits for at most three requests, which run concurrently.
 */
const timeoutMs = 1_500;
/** How long a gateway's response to random names is cached, in ms. */
const rememberedMs = 5_000;
/** How many hosts that are served outside of Portcullis one organization may find before it has to wait. */
const finds = { most: 20, withinMs: 600_000 };

/**
 * Checks whether hosts are already served outside of Portcullis. Limits prevent its use for scanning a gateway: an
 * organization has few concurrent requests, and after it found 20 served hosts in ten minutes, it gets no further
 * claims until the oldest of these is ten minutes old. Claims of free hosts do not count.
 */
export function makeHostWatch({ random, now = () => performance.now(), client }: HostWatchOptions): HostWatch {
  const { request } = client ?? gatewayClient({ timeoutMs, connections: 16 });
  const inTurn = fairQueue({
    running: { total: 16, perOwner: 4 },
    waiting: { total: 512, perOwner: 64 },
    refuse: () => new Refusal("busy", { work: "host names to check", retryAfter: 1 }),
  });
  const backgrounds = new Map<string, { readonly at: number; readonly names: Promise<Background | null> }>();
  const found = new Map<string, number[]>();

  const responseFor = async (address: string, name: string): Promise<NamedResponse | null> => {
    const response = await request(address, name, "/");
    return response === null ? null : { name, response: toHostResponse(response) };
  };

  /** All claims within a few seconds share one request, and no random name is used twice. */
  const backgroundOf = (address: string, length: number): Promise<Background | null> => {
    const key = `${address} ${length}`;
    const known = backgrounds.get(key);
    if (known !== undefined && now() - known.at < rememberedMs) return known.names;
    for (const [old, { at }] of backgrounds) if (now() - at >= rememberedMs) backgrounds.delete(old);
    const names = Promise.all([0, 1].map(() => responseFor(address, randomName(random, length)))).then(
      ([one, other]) => (one && other ? ([one, other] as const) : null),
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
        const [seenHost, background] = await Promise.all([
          responseFor(address, name),
          backgroundOf(address, Math.max(shortest, name.length)),
        ]);
        const seen = seenHost && background ? servedElsewhere(seenHost, background) : null;
        if (seen !== null) found.set(owner, [...(found.get(owner) ?? []), now()]);
        return seen;
      }),
  };
}

type Background = readonly [NamedResponse, NamedResponse];

const shortest = 16;

/**
 * The name is as long as the host that it stands for, so that a catch-all which repeats the name answers with as many
 * bytes.
 */
function randomName(random: RandomBytes, length: number): string {
  const suffix = ".invalid";
  const labels =
    random(128)
      .toString("hex")
      .match(/.{1,60}/g) ?? [];
  return `p${labels.join(".p").slice(0, length - suffix.length - 2)}0${suffix}`;
}

function toHostResponse({ status, tag, headers }: GatewayResponse): HostResponse {
  const present = comparedHeaders.flatMap((name) => {
    const value = headers[name];
    return typeof value === "string" ? [[name, value] as const] : [];
  });
  return { status, tagged: tag !== null, headers: Object.fromEntries(present) };
}
