import type { HeadersMiddleware } from "./document";
import { PASS_HEADER, TAG_HEADER } from "./names";

/** The first middleware of a chain. Every response from here on carries the tag. */
export function tagMiddleware(tag: string): HeadersMiddleware {
  return { headers: { customResponseHeaders: { [TAG_HEADER]: tag } } };
}

/** The last middleware of a chain that leads to an upstream. */
export function passMiddleware(pass: string): HeadersMiddleware {
  return { headers: { customResponseHeaders: { [PASS_HEADER]: pass } } };
}
