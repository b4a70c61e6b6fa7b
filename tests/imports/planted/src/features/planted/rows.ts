import { asSync } from "../../database/as-sync";

export const planted = asSync;
