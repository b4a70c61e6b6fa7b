import { NotFoundPage } from "../console/not-found-page";

export default NotFoundPage;
