import { resource } from "../../operations/resource";

export const gateway = resource("gateway", "gatewayId");
