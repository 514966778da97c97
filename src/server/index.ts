/** Server: doors for other programs; today JSON lines over standard input and output. */
export { RpcServer, type ServeOptions, serveRpc, type WriteLine } from './rpc.ts'
