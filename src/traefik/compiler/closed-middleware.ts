import type { AddressListMiddleware } from "./document";

/**
 * Answers every visitor with 403 "Forbidden" (the default `rejectStatusCode` of Traefik 3.7.9).
 *
 * The list contains only the limited broadcast address, from which no TCP connection can come. It must never get an
 * `ipStrategy`: without one, Traefik compares the peer of the connection; with one, a visitor behind a trusted proxy
 * could write that address into `X-Forwarded-For`. Only an entry point that accepts the PROXY protocol can be given
 * such a peer. The router therefore leads to `noop@internal`, which serves nothing either.
 */
export const CLOSED_MIDDLEWARE: AddressListMiddleware = { ipAllowList: { sourceRange: ["255.255.255.255/32"] } };
