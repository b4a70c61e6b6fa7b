import { and, eq, getTableName, inArray, sql } from "drizzle-orm";
import type { applications } from "../../drizzle/applications";
import type { environments, projects } from "../../drizzle/projects";
import type { Transaction } from "../database/database";
import { violatedConstraint } from "../database/database-errors";
import { nextSlug, slugOf } from "../platform/slugs";
import type { RandomBytes } from "../platform/values";
import { PremiseChanged } from "./premise-changed";

type SlugTable = typeof projects | typeof environments | typeof applications;

/** How many numbered slugs are looked at before a random ending is taken: the cost is the same for any number. */
const numbered = 20;

/**
 * A slug from a name that nothing of its kind in the organization has. Two of one name at once go one after the other;
 * the constraint tells apart what is left (`Wiki 2` beside the second `Wiki`).
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

/** Somebody took the slug meanwhile: the verb is started again, and finds the next one. */
export function orSlugTaken(error: unknown): never {
  if (violatedConstraint(error)?.endsWith("_slug")) throw new PremiseChanged("the name's slug");
  throw error;
}
