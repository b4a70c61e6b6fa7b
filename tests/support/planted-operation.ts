import { z } from "zod";
import { features } from "#src/features/all";
import { application } from "#src/features/applications/resource";
import { operation } from "#src/operations/operation";

/** A use case of a feature that does not exist. Nothing outside this declaration knows about it. */
const create = operation(
  {
    name: "bookmarks.create",
    summary: "Add a bookmark to an application",
    permission: "application:update",
    on: application,
    input: z.strictObject({ applicationId: z.string(), title: z.string().max(50) }),
    output: z.object({ bookmarkId: z.string(), title: z.string() }),
    errors: ["not_empty"],
    rest: { method: "POST", path: "/applications/{applicationId}/bookmarks", status: 201 },
  },
  async (_authorized, { title }) => ({ bookmarkId: "bmk_1", title }),
);

/** All operations of the product, and one more. */
export const plantedTree = { ...features, bookmarks: { create } };
