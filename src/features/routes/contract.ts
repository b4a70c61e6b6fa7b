import { z } from "zod";
import { IdInput, Moment, pageFields, pageOf, Version } from "#src/platform/contract/fields";
import { Sync } from "#src/platform/contract/sync-state";

/** The exact rules of hosts, paths and upstreams are in `host-names.ts`, `path-prefixes.ts` and `upstreams.ts` of `src/platform/net`. */
const Host = z.string().min(1).max(300);
const PathPrefix = z.string().min(1).max(255);
const Upstreams = z
  .array(z.strictObject({ url: z.string().min(1).max(400) }))
  .min(1)
  .max(32);

/** A host and path of an application, and its upstreams. */
export const RouteInput = z.strictObject({ host: Host, pathPrefix: PathPrefix.optional(), upstreams: Upstreams });
export type RouteInput = z.infer<typeof RouteInput>;

export const CreateRoute = RouteInput.extend({ applicationId: IdInput });
export type CreateRoute = z.infer<typeof CreateRoute>;

export const RouteById = z.strictObject({ routeId: IdInput });

export const UpdateRoute = z
  .strictObject({
    routeId: IdInput,
    host: Host.optional(),
    /** Null: the whole host. */
    pathPrefix: PathPrefix.nullable().optional(),
    upstreams: Upstreams.optional(),
    /** False: maintenance. The place answers 403 to everyone until it is true again. */
    enabled: z.boolean().optional(),
  })
  .refine(({ routeId: _, ...changes }) => Object.values(changes).some((value) => value !== undefined), {
    error: "nothing_to_change",
  });
export type UpdateRoute = z.infer<typeof UpdateRoute>;

export const ListRoutes = z.strictObject({ applicationId: IdInput.optional(), ...pageFields }).prefault({});
export type ListRoutes = z.infer<typeof ListRoutes>;

export const Route = z.object({
  routeId: z.string(),
  applicationId: z.string(),
  gatewayId: z.string(),
  host: z.string(),
  pathPrefix: z.string().nullable(),
  upstreams: z.array(z.object({ url: z.string() })),
  /** False: the place is under maintenance, and answers 403. */
  enabled: z.boolean(),
  createdAt: Moment,
  version: Version,
  sync: Sync,
});
export type Route = z.infer<typeof Route>;

export const RoutePage = pageOf(Route);
