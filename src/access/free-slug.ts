import { and, eq, getTableName, inArray, sql } from "drizzle-orm";
import type { applications } from "#drizzle/applications";
import type { environments, projects } from "#drizzle/projects";
import type { Transaction } from "../database/database";
import { violatedConstraint } from "../database/database-errors";
import { nextSlug, slugOf } from "../platform/slugs";
import type { RandomBytes } from "../platform/values";
import { PremiseChanged } from "./premise-changed";

type SlugTable = typeof projects | typeof environments | typeof applications;

/** How many numbered slugs are tried before a random suffix is used. The cost is the same for any number. */
const numbered = 20;

/**
 * Derives from a name a slug that is free in the organization for this kind of object. Two concurrent calls with the
 * same name run one after the other. The constraint catches the remaining conflicts (`Wiki 2` and the second `Wiki`).
 */
export async function freeSlug(
  tx: Transaction,
  table: SlugTable,
  organizationId: string,
  name: string,
  random: RandomBytes,
): Promise<string> {
  const base = slugOf(name);
  const candidates = new Set<string>();
  while (candidates.size < numbered) candidates.add(nextSlug(base, candidates));
  const lock = `portcullis:slug:${getTableName(table)}:${organizationId}:${base}`;
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${lock}, 0))`);
  const taken = await tx
    .select({ slug: table.slug })
    .from(table)
    .where(and(eq(table.organizationId, organizationId), inArray(table.slug, [...candidates])));
  for (const { slug } of taken) candidates.delete(slug);
  const [free] = candidates;
  return free ?? slugOf(`${base.slice(0, 50)}-${random(6).toString("hex")}`);
}

/** If a concurrent request took the slug, the use case starts again and finds the next free slug. */
export function orSlugTaken(error: unknown): never {
  if (violatedConstraint(error)?.endsWith("_slug")) throw new PremiseChanged("the name's slug");
  throw error;
}
