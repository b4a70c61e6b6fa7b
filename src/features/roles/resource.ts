import { resource } from "../../operations/resource";

export const role = resource("role", "roleId");
