/** A name in the environment that resembles a setting but is not one. */
export interface UnknownSetting {
  readonly name: string;
  /** The most similar setting; null if no setting is similar. */
  readonly nearest: string | null;
}

/**
 * Variables that Kubernetes sets in every container of a namespace, for each service whose name begins with
 * `portcullis`: `PORTCULLIS_SERVICE_HOST`, `PORTCULLIS_PORT=tcp://…`, `PORTCULLIS_PORT_3000_TCP_ADDR`.
 */
const ofService =
  /^PORTCULLIS(?:_[A-Z0-9_]+)?_(?:SERVICE_(?:HOST|PORT(?:_[A-Z0-9_]+)?)|PORT_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)$/;
const portOfService = /^PORTCULLIS(?:_[A-Z0-9_]+)?_PORT$/;
const serviceAddress = /^(?:tcp|udp|sctp):\/\//;

/** The maximum edit distance between similar names. */
const farthest = 4;
/** The maximum edit distance of the prefix `PORTCULLIS`. */
const farthestPrefix = 2;
const prefix = "PORTCULLIS_";

/**
 * Returns names that were probably meant as settings, without those that Kubernetes sets.
 * @param known the names of all settings
 */
export function unknownSettings(
  environment: Readonly<Record<string, string | undefined>>,
  known: readonly string[],
): UnknownSetting[] {
  const names = new Set(known);
  return Object.entries(environment).flatMap(([name, value]) => {
    if (names.has(name) || !looksLikeOurs(name) || isOfService(name, value ?? "")) return [];
    return [{ name, nearest: nearestOf(name, known) }];
  });
}

function looksLikeOurs(name: string): boolean {
  const upper = name.toUpperCase();
  if (upper.startsWith(prefix)) return true;
  const end = upper.indexOf("_") + 1;
  return (
    end >= prefix.length - farthestPrefix && distance(upper.slice(0, end), prefix, farthestPrefix) <= farthestPrefix
  );
}

function isOfService(name: string, value: string): boolean {
  return ofService.test(name) || (portOfService.test(name) && serviceAddress.test(value));
}

function nearestOf(name: string, known: readonly string[]): string | null {
  const upper = name.toUpperCase();
  // PORTCULLIS_PORT means PORT.
  const bare = upper.startsWith(prefix) ? upper.slice(prefix.length) : upper;
  if (known.includes(bare)) return bare;
  let best: { name: string; distance: number } | null = null;
  for (const candidate of known) {
    const found = distance(upper, candidate, farthest);
    if (found <= farthest && (best === null || found < best.distance)) best = { name: candidate, distance: found };
  }
  if (best !== null) return best.name;
  // PORTCULLIS_GATEWAY_DIRECTORY, PORTCULLIS_DATA_DIR
  return known.find((candidate) => candidate.startsWith(prefix) && upper.startsWith(candidate)) ?? null;
}

/**
 * Returns the edit distance of two texts: added, removed, replaced or swapped adjacent letters.
 * @param most the computation stops above this distance
 */
function distance(one: string, other: string, most: number): number {
  if (Math.abs(one.length - other.length) > most) return most + 1;
  let before: number[] = [];
  let last = Array.from({ length: other.length + 1 }, (_, column) => column);
  for (let row = 1; row <= one.length; row++) {
    const next = [row];
    for (let column = 1; column <= other.length; column++) {
      const same = one[row - 1] === other[column - 1];
      let least = Math.min(
        (last[column] ?? 0) + 1,
        (next[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
      );
      const swapped = one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1];
      if (row > 1 && column > 1 && swapped) least = Math.min(least, (before[column - 2] ?? 0) + 1);
      next.push(least);
    }
    before = last;
    last = next;
  }
  return last[other.length] ?? 0;
}
