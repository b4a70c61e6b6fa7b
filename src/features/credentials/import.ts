import { eq } from "drizzle-orm";
import { applications } from "#drizzle/applications";
import { security } from "#drizzle/security";
import type { Authorized } from "#src/access/authorized";
import { readAs } from "#src/access/read-as";
import { preparedUnitOfWork, type SyncTicket, unchanged } from "#src/access/unit-of-work";
import type { Transaction } from "#src/database/database";
import type { Sealer } from "#src/database/sealing";
import { operation } from "#src/operations/operation";
import { Refusal } from "#src/platform/errors/refusal";
import { newId } from "#src/platform/ids";
import { usernameMessages } from "#src/platform/passwords/credential-rules";
import { yieldAfterSlice } from "#src/platform/yield-to-event-loop";
import { type HtpasswdLine, highestBcryptCost, readHtpasswd } from "#src/traefik/foreign/read-htpasswd";
import { application, type LocatedApplication } from "../applications/resource";
import { ImportCredentials, ImportedCredentials, type LineReason } from "./contract";
import { insertSealed, type SealedCredential } from "./rows";
import { type HashKind, hashKindOf } from "./rules";

/** The lines with credentials that one import takes. */
const mostLines = 10_000;

/** The usernames that the entry of the audit log names. */
const mostAudited = 100;

/**
 * Adds the lines of an htpasswd file as credentials. Visitors keep their passwords, because the hashes stay as they
 * are. Each line is accepted, or refused with its reason; all accepted ones are created in one transaction and one
 * delivery. An application has one kind of hash, because the time of an answer would otherwise tell which usernames
 * exist: one without credentials takes the kind that most lines of the file have.
 *
 * The organization's password policy does not apply: it judges passwords, and a hash does not show its password.
 * @throws Refusal `too_many_lines`
 */
export const importFile = operation(
  {
    name: "security.import",
    summary: "Add the lines of an htpasswd file as credentials; visitors keep their passwords",
    permission: "security:create",
    on: application,
    input: ImportCredentials,
    output: ImportedCredentials,
    errors: ["too_many_lines"],
    rest: { method: "POST", path: "/applications/{applicationId}/credentials/import" },
  },
  async (authorized, { htpasswd, dryRun }) => {
    const lines = readHtpasswd(htpasswd);
    if (lines.length > mostLines) throw new Refusal("too_many_lines", { lines: lines.length, most: mostLines });
    if (dryRun) return readAs(authorized, async (tx) => present(await judge(tx, authorized, lines), true, unchanged));
    return preparedUnitOfWork(
      authorized,
      () => seal(authorized.request.runtime.sealer, lines),
      async (work, sealed) => {
        const judged = await judge(work.tx, work.authorized, lines);
        const accepted = sealed.filter(({ line }) => judged.reasons.get(line) === null);
        if (accepted.length === 0) return present(judged, false, work.sync);
        const { applicationId, gatewayId, openedBy, hashAlgorithm } = work.authorized.object;
        const { algorithm } = judged.kind;
        if (openedBy !== null || algorithm !== hashAlgorithm) {
          await work.tx
            .update(applications)
            .set({ openedBy: null, hashAlgorithm: algorithm })
            .where(eq(applications.applicationId, applicationId));
        }
        const credentials = accepted.map(({ line: _, ...credential }) => credential);
        await insertSealed(work.tx, work.authorized.object, judged.kind, credentials, work.now);
        work.audit(
          { kind: "application", id: applicationId },
          {
            accepted: accepted.length,
            refused: lines.length - accepted.length,
            hashAlgorithm: algorithm,
            usernames: accepted.slice(0, mostAudited).map(({ username }) => username),
          },
        );
        work.deliver({ gatewayId, applicationId, closes: openedBy !== null });
        return present(judged, false, work.sync);
      },
    );
  },
);

interface Judged {
  readonly lines: readonly HtpasswdLine[];
  /** By the number of the line; null if it is accepted. */
  readonly reasons: ReadonlyMap<number, LineReason | null>;
  readonly kind: HashKind;
}

/** Decides about every line against the present credentials of the application. */
async function judge(
  tx: Transaction,
  { object }: Authorized<"security:create", LocatedApplication>,
  lines: readonly HtpasswdLine[],
): Promise<Judged> {
  const present = await tx
    .select({ username: security.username })
    .from(security)
    .where(eq(security.applicationId, object.applicationId));
  const usernames = new Set(present.map(({ username }) => username));
  const kind = usernames.size > 0 ? hashKindOf(object) : (commonKind(lines) ?? hashKindOf(object));
  const reasonOf = ({ username, hash, problem }: HtpasswdLine): LineReason | null => {
    if (problem !== null) return problem;
    if (usernames.has(username)) return "duplicate_username";
    if (hash.algorithm !== kind.algorithm) return "other_algorithm";
    return hash.cost === kind.cost ? null : "other_cost";
  };
  return { lines, kind, reasons: new Map(lines.map((line) => [line.line, reasonOf(line)])) };
}

/** The kind of hash that most lines have; of equally common ones the first. */
function commonKind(lines: readonly HtpasswdLine[]): HashKind | null {
  const kinds = new Map<string, { kind: HashKind; count: number }>();
  for (const { hash } of lines) {
    if (hash === null) continue;
    const { algorithm, cost } = hash;
    const key = `${algorithm} ${cost}`;
    kinds.set(key, { kind: { algorithm, cost }, count: (kinds.get(key)?.count ?? 0) + 1 });
  }
  const [first] = [...kinds.values()].sort((one, other) => other.count - one.count);
  return first?.kind ?? null;
}

/** Seals the hash of every readable line for a new row. It takes a while, so it is done before the transaction. */
async function seal(
  sealer: Sealer,
  lines: readonly HtpasswdLine[],
): Promise<readonly (SealedCredential & { readonly line: number })[]> {
  const yieldNow = yieldAfterSlice(() => performance.now());
  const sealed: (SealedCredential & { readonly line: number })[] = [];
  for (const { line, username, hash } of lines) {
    if (hash === null) continue;
    const securityId = newId("credential");
    sealed.push({ line, securityId, username, hashSealed: sealer.seal(`security:hash:${securityId}`, hash.text) });
    await yieldNow();
  }
  return sealed;
}

function present({ lines, reasons, kind }: Judged, dryRun: boolean, sync: SyncTicket): ImportedCredentials {
  const shown = lines.map(({ line, username }) => {
    const reason = reasons.get(line) ?? null;
    return { line, username, accepted: reason === null, ...(reason === null ? {} : { reason }) };
  });
  const accepted = shown.filter((line) => line.accepted).length;
  const occurring = new Set(shown.flatMap(({ reason }) => reason ?? []));
  return {
    dryRun,
    hashAlgorithm: kind.algorithm,
    accepted,
    refused: shown.length - accepted,
    lines: shown,
    reasons: [...occurring].sort().map((reason) => ({ reason, message: messages[reason] })),
    sync: { changeId: sync.changeId, state: sync.state },
  };
}

/** What is wrong with a line, and what to do. They contain nothing of the line. */
const messages: Readonly<Record<LineReason, string>> = {
  ...usernameMessages,
  line_too_long: "The line has more than 400 characters. Each line has one username, a colon and one hash.",
  colon_missing: "The line has no colon. Each line has one username, a colon and one hash.",
  several_colons: "The line has more than one colon, and Traefik accepts exactly one. Remove what follows the hash.",
  replacement_character:
    "The username holds U+FFFD, which stands for bytes that are not UTF-8. Convert the file first.",
  hash_missing: "There is no hash after the colon. Create the credential with a new password.",
  hash_is_sha1: "The hash is SHA-1 without a salt ({SHA}). Create the credential with a new password.",
  hash_is_crypt: "The hash is of crypt or of another algorithm than apr1 and bcrypt. Create a new password.",
  hash_unknown: "What follows the colon is no hash; it may be a password in plain text. Create a new password.",
  hash_malformed: "The hash is cut short or damaged. Copy the whole line, or create a new password.",
  bcrypt_cost_too_high: `The cost of the bcrypt hash is above ${highestBcryptCost}. The gateway would compute it at every request, also for strangers. Create a new password.`,
  duplicate_in_file: "A later line has the same username, and Traefik uses the last one.",
  duplicate_username: "The application already has a credential with this username. It was not changed.",
  other_algorithm: "The application's credentials have another hash algorithm. Create a new password.",
  other_cost: "The application's credentials have another cost of bcrypt. Create a new password.",
};
