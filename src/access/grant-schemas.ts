import { z } from "zod";
import type { Grant, Standing } from "./permissions";

/** A grant as the database returns it. */
export const grantSchema: z.ZodType<Grant> = z.union([
  z.object({ role: z.string(), permissions: z.null() }),
  z.object({ role: z.null(), permissions: z.array(z.string()).readonly() }),
]);

/** The roles of a principal as the database returns them. */
export const standingSchema: z.ZodType<Standing> = z.object({
  organization: grantSchema.nullable(),
  project: grantSchema.nullable(),
});
