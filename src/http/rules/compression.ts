import { promisify } from "node:util";
import { brotliCompress, constants, gzipSync } from "node:zlib";
import type { Rule } from "../environment";

/** Smaller bodies fit into one packet anyway. */
const leastBytes = 1_024;

/**
 * From this size on, brotli at its lowest useful quality takes less time than gzip and gives less (135 kB of a list: 1 ms
 * and 21 kB, against 2.2 ms and 25 kB). For small bodies it takes ten times as long as gzip.
 */
const leastBytesOfBrotli = 16_384;
const brotliQuality = 1;
const gzipLevel = 4;

const brotli = promisify(brotliCompress);

/**
 * Compresses a response as the caller accepts it. The length of a compressed response reveals how much of it is equal to
 * what the request contained. A response with a secret therefore must not be compressed (BREACH).
 * @param isForbidden the response contains a secret
 */
export function compression(isForbidden: () => boolean = () => false): Rule {
  return async (context, next) => {
    await next();
    const { res } = context;
    if (isForbidden() || !isCompressible(res)) return;
    context.res.headers.append("vary", "accept-encoding");
    if (context.req.method === "HEAD" || res.body === null) return;
    const weights = weightsOf(context.req.header("accept-encoding") ?? "");
    if (weights.gzip === 0 && weights.br === 0) return;
    const { status } = res;
    const headers = new Headers(res.headers);
    const replace = (body: BodyInit, encoding: "br" | "gzip" | null) => {
      if (encoding !== null) {
        headers.set("content-encoding", encoding);
        headers.delete("content-length");
      }
      context.res = undefined; // otherwise the headers of the response before replace those of this one
      context.res = new Response(body, { status, headers });
    };
    if (headers.has("content-disposition")) {
      if (weights.gzip > 0) replace(res.body.pipeThrough(new CompressionStream("gzip")), "gzip");
      return;
    }
    const body = Buffer.from(await res.arrayBuffer());
    const encoding = encodingFor(body, weights);
    if (encoding === null) replace(body, null);
    else replace(encoding === "br" ? await compressed(body) : zipped(body), encoding);
  };
}

const compressed = (body: Buffer) =>
  brotli(body, {
    params: { [constants.BROTLI_PARAM_QUALITY]: brotliQuality, [constants.BROTLI_PARAM_SIZE_HINT]: body.length },
  });

const zipped = (body: Buffer) => gzipSync(body, { level: gzipLevel });

/**
 * A strong entity tag stands for the bytes of one representation, and a client sends it back to change the object.
 * Objects with a tag are small.
 */
function isCompressible({ headers }: Response): boolean {
  const type = headers.get("content-type") ?? "";
  if (headers.has("etag") || headers.has("content-encoding")) return false;
  return /^(?:application\/(?:json|x-ndjson)|text\/csv)\b/.test(type);
}

interface Weights {
  readonly br: number;
  readonly gzip: number;
}

const coding = /^\s*([\w*-]+)\s*(?:;\s*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*)?$/i;

/** Reads `Accept-Encoding`. A coding has the weight 0 if it is not acceptable, or less than the body as it is. */
export function weightsOf(accepted: string): Weights {
  const weights = new Map<string, number>();
  for (const part of accepted.split(",")) {
    const [, name, weight = "1"] = coding.exec(part) ?? [];
    if (name !== undefined) weights.set(name.toLowerCase(), Number(weight));
  }
  const identity = weights.get("identity") ?? 0;
  const any = weights.get("*") ?? 0;
  const weightOf = (...names: string[]) => {
    const weight = names.map((name) => weights.get(name)).find((found) => found !== undefined) ?? any;
    return weight >= identity ? weight : 0;
  };
  return { br: weightOf("br"), gzip: weightOf("gzip", "x-gzip") };
}

function encodingFor({ length }: Buffer, { br, gzip }: Weights): "br" | "gzip" | null {
  if (length < leastBytes) return null;
  if (br === gzip) return length < leastBytesOfBrotli ? "gzip" : "br";
  return br > gzip ? "br" : "gzip";
}
