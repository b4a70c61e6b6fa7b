import { and, asc, count, desc, eq, gt, isNull, lte, or, sql } from "drizzle-orm";
import { auditCheckpoints, auditEntries } from "#drizzle/audit";
import {
  type BrokenChain,
  type ChainPosition,
  chainStart,
  contradicts,
  cutBefore,
  followChain,
  unsealedAfter,
  type Waiting,
} from "#src/audit/follow-chain";
import { checkpointText, removalText } from "#src/audit/statement-text";
import { aheadInSql, passedInSql } from "#src/database/moments-in-sql";
import { isoText, isReadable } from "#src/platform/moment";
import type { AuditVerdict } from "./contract";
import type { AuditLog } from "./rows";

/** Entries of one query. This limits the memory. */
const pageSize = 200;

/**
 * Verifies a log: every entry is in its position, from the beginning or from the end of what retention removed, up to
 * the last position that the checkpoints state; and all unsealed entries are recent.
 * @param kept a checkpoint that was stored elsewhere, if any; its signature is valid
 */
export async function verifyLog(log: AuditLog, kept: ChainPosition | null): Promise<AuditVerdict> {
  const statements = await statementsOf(log);
  const checkpoints = kept ? [...statements.checkpoints, kept] : statements.checkpoints;
  let { removal } = statements;
  let position: ChainPosition = removal ?? chainStart;
  let entries = 0;
  const verdict = async (brokenThere: BrokenChain | null): Promise<AuditVerdict> => {
    const waiting = await waitingIn(log);
    const firstBroken = brokenThere ?? unsealedAfter(position, waiting);
    return {
      organizationId: log.organizationId,
      intact: firstBroken === null,
      firstBroken,
      entries,
      ...position,
      removed: removal && { sequence: removal.sequence, entries: removal.removed, at: removal.at },
      unsealed: waiting.entries,
    };
  };

  const misplaced = await findMisplacedEntry(log, position);
  if (misplaced) return verdict(misplaced);

  let page = await pageOf(log, position);
  while (page.length > 0) {
    for (const entry of page) {
      const next = followChain(position, entry);
      const at = "why" in next ? position : next;
      const broken = "why" in next ? next : firstOf(checkpoints, (one) => contradicts(one, at, entry.auditId));
      if (broken?.why === "missing") {
        // Retention may have continued concurrently. The chain then begins where that removal ended.
        const later = (await statementsOf(log)).removal;
        if (later && later.sequence > position.sequence) {
          removal = later;
          position = later;
          break;
        }
      }
      if (broken) return verdict(broken);
      position = at;
      entries++;
    }
    page = await pageOf(log, position);
  }
  return verdict(firstOf(checkpoints, (one) => cutBefore(one, position)));
}

function firstOf(
  checkpoints: readonly ChainPosition[],
  broken: (checkpoint: ChainPosition) => BrokenChain | null,
): BrokenChain | null {
  for (const checkpoint of checkpoints) {
    const found = broken(checkpoint);
    if (found) return found;
  }
  return null;
}

function pageOf({ read, organizationId }: AuditLog, { sequence }: ChainPosition) {
  return read((tx) =>
    tx
      .select()
      .from(auditEntries)
      .where(and(eq(auditEntries.organizationId, organizationId), gt(auditEntries.sequence, sequence)))
      .orderBy(asc(auditEntries.sequence))
      .limit(pageSize),
  );
}

/**
 * An entry at a position where none can be: before the first, or within what retention removed. The list of entries
 * would show it.
 */
async function findMisplacedEntry(
  { read, organizationId }: AuditLog,
  begin: ChainPosition,
): Promise<BrokenChain | null> {
  const [misplaced] = await read((tx) =>
    tx
      .select({ sequence: auditEntries.sequence, auditId: auditEntries.auditId })
      .from(auditEntries)
      .where(and(eq(auditEntries.organizationId, organizationId), lte(auditEntries.sequence, begin.sequence)))
      .orderBy(asc(auditEntries.sequence))
      .limit(1),
  );
  if (!misplaced || misplaced.sequence === null) return null;
  return { sequence: misplaced.sequence, auditId: misplaced.auditId, why: "altered" };
}

/** An entry is sealed within a second of its commit. The tolerance covers clock differences and a busy process. */
const sealTolerance = sql`interval '30 seconds'`;

async function waitingIn({ read, organizationId, now: given }: AuditLog): Promise<Waiting> {
  const now = given ?? sql`clock_timestamp()`;
  const { auditId, createdAt } = auditEntries;
  const isOverdue = or(
    passedInSql(sql`(${createdAt} + ${sealTolerance})`, now),
    aheadInSql(sql`(${createdAt} - ${sealTolerance})`, now), // its time is not the time of its creation
  );
  const [row] = await read((tx) =>
    tx
      .select({
        entries: count(),
        overdue: sql<string | null>`min(${auditId}) filter (where ${isOverdue})`,
        oldest: sql<string | null>`min(${auditId})`,
      })
      .from(auditEntries)
      .where(and(eq(auditEntries.organizationId, organizationId), isNull(auditEntries.sequence))),
  );
  return row ?? { entries: 0, overdue: null, oldest: null };
}

interface Removal extends ChainPosition {
  readonly removed: number;
  readonly at: string;
}

/** The signed statements about a log, at most one a day: its own checkpoints, and its last removal by retention. */
async function statementsOf({ read, organizationId, signer }: AuditLog) {
  const rows = await read((tx) =>
    tx
      .select()
      .from(auditCheckpoints)
      .where(eq(auditCheckpoints.organizationId, organizationId))
      .orderBy(desc(auditCheckpoints.sequence)),
  );
  let removal: Removal | null = null;
  const checkpoints: ChainPosition[] = [];
  for (const { sequence, hash, kind, removed, signature, createdAt } of rows) {
    if (!isReadable(createdAt)) continue; // such a time was never signed
    const at = isoText(createdAt);
    const statement = { organizationId, sequence, hash, at };
    const text = kind === "removal" ? removalText({ ...statement, removed }) : checkpointText(statement);
    // A statement without this installation's signature proves nothing, because an attacker who can write it can write
    // any content.
    if (!signer.verify("checkpoint", text, signature)) continue;
    if (kind === "checkpoint") checkpoints.push({ sequence, hash });
    else removal ??= { sequence, hash, removed, at };
  }
  return { removal, checkpoints };
}
