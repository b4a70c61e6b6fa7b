export { asSync } from "../persistence/as-sync";
