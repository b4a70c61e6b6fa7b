import { resource } from "../../operations/resource";

export const serviceAccount = resource("serviceAccount", "serviceAccountId");
