/** A request that cannot be answered as asked: an HTTP status, and App Mesh's word for it. */
export class RequestRefused extends Error {
  override readonly name = 'RequestRefused';
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export const badRequest = (message: string): RequestRefused => new RequestRefused(400, 'BadRequestException', message);
export const notFound = (message: string): RequestRefused => new RequestRefused(404, 'NotFoundException', message);
