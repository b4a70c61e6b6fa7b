import { resource } from "../../operations/resource";

export const route = resource("route", "routeId");
