/** The parts of a gateway's response to an anonymous HEAD request for one host that distinguish servers. */
export interface HostResponse {
  readonly status: number;
  /** Whether the response carries a tag that Portcullis compiled. */
  readonly tagged: boolean;
  /** The present headers of `comparedHeaders`, with lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
}

/** The response for one host name. */
export interface NamedResponse {
  readonly name: string;
  readonly response: HostResponse;
}

/** The response of another service; limited to one line, because a message contains it. */
export interface SeenElsewhere {
  readonly status: number;
  readonly server: string | null;
}

/** Response headers that distinguish servers. Two requests detect values that change with every response. */
export const comparedHeaders = [
  "server",
  "location",
  "content-type",
  "content-length",
  "etag",
  "last-modified",
  "www-authenticate",
] as const;

/**
 * Detects whether a service that Portcullis did not configure answers for a host: the response has no tag, and differs
 * from the responses for two random names. Values that differ between the random names are ignored: a catch-all
 * response may contain the name or a counter.
 * @param random responses for two random names that cannot be configured
 * @returns null if no such service is detected
 */
export function servedElsewhere(
  wanted: NamedResponse,
  random: readonly [NamedResponse, NamedResponse],
): SeenElsewhere | null {
  if (wanted.response.tagged) return null;
  const [seen, one, other] = [wanted, ...random].map(factsOf);
  const differs = Object.keys({ ...seen, ...one, ...other }).some(
    (fact) => one?.[fact] === other?.[fact] && seen?.[fact] !== one?.[fact],
  );
  return differs ? { status: wanted.response.status, server: readable(wanted.response.headers.server) } : null;
}

/** Returns the compared values without the name, because an HTTPS redirect of the whole entry point repeats it. */
function factsOf({ name, response }: NamedResponse): Record<string, string | undefined> {
  const headers = comparedHeaders.map((header) => [
    header,
    response.headers[header]?.toLowerCase().replaceAll(name, "*"),
  ]);
  return { ...Object.fromEntries(headers), status: String(response.status) };
}

function readable(server: string | undefined): string | null {
  const plain = server?.replace(/[^ -~]/g, "").slice(0, 60);
  return plain === undefined || plain === "" ? null : plain;
}
