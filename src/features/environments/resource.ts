import { resource } from "../../operations/resource";

export const environment = resource("environment", "environmentId");
