import { MARKER_FILE, NOOP_SERVICE, REVISION_HEADER } from "./names";
import { renderDocument } from "./render-document";
import { hostRule } from "./rule";
import type { CompiledFile } from "./state";
import { isEntryPoint, isExactHost } from "./well-formed";

export interface MarkerState {
  /** The entry point that serves only this host. */
  readonly probeEntryPoint: string;
  /** An exact, secret host name. */
  readonly secretHost: string;
  /** Changes when the database is restored. Like the digest, it consists of [A-Za-z0-9_-]. */
  readonly epoch: string;
  /** The number of the delivery, from 0. */
  readonly revision: number;
  readonly digest: string;
}

/**
 * Compiles the marker. When the gateway serves it, it also serves everything that was written before it.
 * @throws TypeError for a value that cannot be part of a header or rule
 */
export function compileMarker(marker: MarkerState): CompiledFile {
  if (!isEntryPoint(marker.probeEntryPoint)) throw new TypeError("compileMarker: not a name of an entry point");
  if (!isExactHost(marker.secretHost)) throw new TypeError("compileMarker: not an exact host");
  const text = renderDocument({
    routers: {
      "portcullis-marker": {
        entryPoints: [marker.probeEntryPoint],
        rule: hostRule(marker.secretHost),
        priority: 2 ** 40,
        service: NOOP_SERVICE,
        middlewares: ["portcullis-marker"],
      },
    },
    middlewares: {
      "portcullis-marker": { headers: { customResponseHeaders: { [REVISION_HEADER]: revisionOf(marker) } } },
    },
  });
  return { name: MARKER_FILE, text };
}

/**
 * The value of the marker's header.
 * @throws TypeError for parts with other characters, or a revision that is not a non-negative integer
 */
export function revisionOf({ epoch, revision, digest }: Pick<MarkerState, "epoch" | "revision" | "digest">): string {
  if (![epoch, digest].every((part) => /^[A-Za-z0-9_-]{1,64}$/.test(part))) {
    throw new TypeError("revisionOf: not a plain word");
  }
  if (!Number.isSafeInteger(revision) || revision < 0) throw new TypeError("revisionOf: not a count");
  return `${epoch}.${revision}.${digest}`;
}
