import { request as requestByHttp } from "node:http";
import { request as requestByHttps } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import { deadlineAround, TooLate } from "#src/platform/deadline";
import { Refusal } from "#src/platform/errors/refusal";
import { fairQueue } from "#src/platform/fair-share";
import { errorCode } from "#src/platform/files/folder-lock";
import type { UpstreamResponse, UpstreamTarget, UpstreamWatch } from "#src/platform/values";

/** An answer that takes longer counts as none, in ms: for everything from the first packet to the last header. */
const defaultTimeoutMs = 2_000;

/** The most bytes of headers that are read. */
const maxHeaderSize = 16_384;

/** Failures in which nothing answered, as opposed to an answer that refuses the request. */
const silences: ReadonlySet<string> = new Set(["ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH", "EHOSTDOWN"]);

/**
 * Requests the status of upstreams, with one HEAD request that follows no redirect and reads no body. The connection goes
 * to an address that the caller has verified, whatever DNS says in the meantime. A port without a service and a service
 * that does not speak HTTP give the same answer, so that an organization learns little about other services.
 */
export function makeUpstreamWatch({ timeoutMs = defaultTimeoutMs } = {}): UpstreamWatch {
  const inTurn = fairQueue({
    running: { total: 16, perOwner: 4 },
    waiting: { total: 128, perOwner: 8 },
    refuse: () => new Refusal("busy", { work: "upstreams to check", retryAfter: 1 }),
  });
  return {
    check: (target, addresses, owner) =>
      addresses.length === 0
        ? Promise.resolve({ outcome: "silent" })
        : inTurn(owner, () => request(target, addresses, timeoutMs)),
  };
}

function request(
  { scheme, host, port }: UpstreamTarget,
  addresses: readonly string[],
  timeoutMs: number,
): Promise<UpstreamResponse> {
  return new Promise((resolve) => {
    const send = scheme === "https" ? requestByHttps : requestByHttp;
    const sent = send({
      method: "HEAD",
      path: "/",
      host,
      port,
      agent: false,
      lookup: onlyThese(addresses),
      maxHeaderSize,
      headers: { "user-agent": "portcullis", accept: "*/*" },
    });
    const fail = (error: NodeJS.ErrnoException) => resolve({ outcome: isSilence(error) ? "silent" : "refuses" });
    const answered = deadlineAround(sent, timeoutMs, fail);
    sent.on("response", ({ statusCode = 0 }) => {
      answered();
      resolve({ outcome: "answers", status: statusCode });
      sent.destroy();
    });
    sent.end();
  });
}

/** A lookup that knows these addresses and no others. */
function onlyThese(addresses: readonly string[]): LookupFunction {
  const found = addresses.map((address) => ({ address, family: isIP(address) }));
  const [first = { address: "", family: 0 }] = found;
  return (_name, options, callback) => {
    if (options.all === true) callback(null, found);
    else callback(null, first.address, first.family);
  };
}

function isSilence(error: Error): boolean {
  if (error instanceof TooLate) return true;
  const causes = error instanceof AggregateError ? error.errors : [error];
  return causes.every((cause) => silences.has(errorCode(cause) ?? ""));
}
