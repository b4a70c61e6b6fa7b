import { and, eq, like, or } from "drizzle-orm";
import type { applications } from "../../drizzle/applications";
import type { environments, projects } from "../../drizzle/projects";
import { nextSlug, slugOf } from "../core/slugs";
import type { Transaction } from "../persistence/database";
import { violatedConstraint } from "../persistence/database-errors";
import { PremiseChanged } from "../persistence/unit-of-work";

type SlugTable = typeof projects | typeof environments | typeof applications;

/** A slug from a name that nothing of its kind in the organization has; two at once are told apart by the constraint. */
export async function freeSlug(
  tx: Transaction,
  table: SlugTable,
  organizationId: string,
  name: string,
): Promise<string> {
  const base = slugOf(name);
  const taken = await tx
    .select({ slug: table.slug })
    .from(table)
    .where(
      and(
        eq(table.organizationId, organizationId),
        or(eq(table.slug, base), like(table.slug, `${base.slice(0, 50)}%`)),
      ),
    );
  return nextSlug(base, new Set(taken.map((row) => row.slug)));
}

/** Somebody took the slug meanwhile: the verb is started again, and finds the next one. */
export function orSlugTaken(error: unknown): never {
  if (violatedConstraint(error)?.endsWith("_slug")) throw new PremiseChanged("the name's slug");
  throw error;
}
