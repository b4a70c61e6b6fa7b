import { resource } from "../../operations/resource";

export const change = resource("change", "changeId");
