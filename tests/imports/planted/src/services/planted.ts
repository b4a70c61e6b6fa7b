import { asSync } from "../persistence/as-sync";

export const planted = asSync;
