import { resource } from "../../operations/resource";

export const credential = resource("credential", "securityId");
