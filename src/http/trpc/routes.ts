import { CreateRoute, ListRoutes, Route, RouteById, RoutePage, UpdateRoute } from "../../features/routes/contract";
import { createRoute } from "../../features/routes/create";
import { deleteRoute } from "../../features/routes/delete";
import { listRoutes } from "../../features/routes/list";
import { getRoute } from "../../features/routes/one";
import { updateRoute } from "../../features/routes/update";
import { t } from "./init";
import { of } from "./of";
import { procedure } from "./procedure";

export const routes = t.router({
  create: procedure("route:create", of.application)
    .input(CreateRoute)
    .output(Route)
    .mutation(({ ctx, input }) => createRoute(ctx.authorized, input)),
  one: procedure("route:read", of.route)
    .input(RouteById)
    .output(Route)
    .query(({ ctx }) => getRoute(ctx.authorized)),
  list: procedure("route:read", of.applicationOrCaller)
    .input(ListRoutes)
    .output(RoutePage)
    .query(({ ctx, input }) => listRoutes(ctx.authorized, input)),
  update: procedure("route:update", of.route)
    .input(UpdateRoute)
    .output(Route)
    .mutation(({ ctx, input }) => updateRoute(ctx.authorized, input)),
  delete: procedure("route:delete", of.route)
    .input(RouteById)
    .output(Route)
    .mutation(({ ctx }) => deleteRoute(ctx.authorized)),
});
