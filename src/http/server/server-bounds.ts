import type { Bounds } from "#src/platform/fair-share";
import type { BodyMemoryBounds } from "../body-memory";
import { type BodyPace, defaultBodyPace } from "./incoming-body";

/** The limits on what unauthenticated callers can occupy. */
export interface ServerBounds {
  /** `perOwner` is the share of one address; it does not apply to `trustedProxies`. */
  readonly connections: Bounds;
  readonly bodies: BodyMemoryBounds;
  readonly bodyPace: BodyPace;
  /** Requests in progress for pages and files of the console; `perOwner` is the share of one address. */
  readonly pages: Bounds;
  /** The timeout for the headers of a request in milliseconds. It also applies to a new connection. */
  readonly headersMs: number;
}

const mebibyte = 1024 * 1024;

export const defaultServerBounds: ServerBounds = {
  connections: { total: 4_000, perOwner: 2_000 },
  bodies: {
    strangers: { total: 16 * mebibyte, perOwner: 8 * mebibyte },
    known: { total: 64 * mebibyte, perOwner: 16 * mebibyte },
  },
  bodyPace: defaultBodyPace,
  pages: { total: 128, perOwner: 64 },
  headersMs: 15_000,
};

/** The number of connections above the limit that get one response. */
export const surplusConnections = 64;

/**
 * How long a connection stays open without a request, in milliseconds: longer than proxies keep theirs (Traefik 90
 * seconds, Caddy two minutes). Otherwise a proxy sends a request over a connection that the server closes at that
 * moment, and its caller gets 502.
 */
export const idleMs = 125_000;

/** The timeout for a whole request in milliseconds, whatever its pace. */
export const requestMs = 90_000;

/** The interval at which Node checks for timed-out requests, in milliseconds. */
export const checkIntervalMs = 1_000;
