/** What a gateway answers to an anonymous HEAD for one host, as far as servers can be told apart by it. */
export interface HostAnswer {
  readonly status: number;
  /** Whether the answer carries a tag that Portcullis compiled. */
  readonly tagged: boolean;
  /** Lower-case names; of `comparedHeaders` those that are there. */
  readonly headers: Readonly<Record<string, string>>;
}

/** The answer to a question about one name. */
export interface NamedAnswer {
  readonly name: string;
  readonly answer: HostAnswer;
}

/** What somebody else was seen to answer; for a message, so it has no more than a line. */
export interface SeenElsewhere {
  readonly status: number;
  readonly server: string | null;
}

/** Response headers that tell one server from another. What changes from answer to answer is found by asking twice. */
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
 * Whether a service that Portcullis did not configure answers for a host: the answer has no tag, and differs from what two
 * random names get. What differs between the random names is no difference: a catch-all may answer with the name in it, or
 * with a counter.
 * @param random answers for two names that nobody can have configured
 * @returns null where nothing says so
 */
export function servedElsewhere(asked: NamedAnswer, random: readonly [NamedAnswer, NamedAnswer]): SeenElsewhere | null {
  if (asked.answer.tagged) return null;
  const [seen, one, other] = [asked, ...random].map(factsOf);
  const differs = Object.keys({ ...seen, ...one, ...other }).some(
    (fact) => one?.[fact] === other?.[fact] && seen?.[fact] !== one?.[fact],
  );
  return differs ? { status: asked.answer.status, server: readable(asked.answer.headers.server) } : null;
}

/** With the name taken out: a redirect of the whole entry point to HTTPS repeats it. */
function factsOf({ name, answer }: NamedAnswer): Record<string, string | undefined> {
  const headers = comparedHeaders.map((header) => [
    header,
    answer.headers[header]?.toLowerCase().replaceAll(name, "*"),
  ]);
  return { ...Object.fromEntries(headers), status: String(answer.status) };
}

function readable(server: string | undefined): string | null {
  const plain = server?.replace(/[^ -~]/g, "").slice(0, 60);
  return plain === undefined || plain === "" ? null : plain;
}
