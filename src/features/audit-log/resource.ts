import { resource } from "../../operations/resource";

export const auditEntry = resource("auditEntry", "auditId");
