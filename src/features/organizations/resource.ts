import { resource } from "../../operations/resource";

export const organization = resource("organization", "organizationId");
