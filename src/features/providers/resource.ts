import { resource } from "../../operations/resource";

export const provider = resource("provider", "providerId");
