import { NotFoundPage } from "../ui/not-found-page";

export default NotFoundPage;
