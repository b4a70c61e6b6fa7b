import { resource } from "../../operations/resource";

export const claim = resource("claim", "claimId");
