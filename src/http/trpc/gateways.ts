import {
  CreateGateway,
  Gateway,
  GatewayById,
  GatewayPage,
  ListGateways,
  UpdateGateway,
} from "../../features/gateways/contract";
import { createGateway } from "../../features/gateways/create";
import { deleteGateway } from "../../features/gateways/delete";
import { listGateways } from "../../features/gateways/list";
import { getGateway } from "../../features/gateways/one";
import { updateGateway } from "../../features/gateways/update";
import { t } from "./init";
import { of } from "./of";
import { procedure } from "./procedure";

export const gateways = t.router({
  create: procedure("gateway:create", of.caller)
    .input(CreateGateway)
    .output(Gateway)
    .mutation(({ ctx, input }) => createGateway(ctx.authorized, input)),
  one: procedure("gateway:read", of.gateway)
    .input(GatewayById)
    .output(Gateway)
    .query(({ ctx }) => getGateway(ctx.authorized)),
  list: procedure("gateway:read", of.caller)
    .input(ListGateways)
    .output(GatewayPage)
    .query(({ ctx, input }) => listGateways(ctx.authorized, input)),
  update: procedure("gateway:update", of.gateway)
    .input(UpdateGateway)
    .output(Gateway)
    .mutation(({ ctx, input }) => updateGateway(ctx.authorized, input)),
  delete: procedure("gateway:delete", of.gateway)
    .input(GatewayById)
    .output(Gateway)
    .mutation(({ ctx }) => deleteGateway(ctx.authorized)),
});
