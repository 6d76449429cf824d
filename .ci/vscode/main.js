// A file system for VS Code in a browser: what the server that brought this extension has under /files, read only.
const vscode = require("vscode");

exports.activate = (context) => {
  const base = context.extensionUri.with({ path: "/files" }).toString(true);
  const get = async (uri) => {
    const answer = await fetch(base + uri.path);
    if (!answer.ok) throw vscode.FileSystemError.FileNotFound(uri);
    return new Uint8Array(await answer.arrayBuffer());
  };
  const refuse = (uri) => {
    throw vscode.FileSystemError.NoPermissions(uri);
  };
  const stat = async (uri) =>
    uri.path === "/"
      ? { type: vscode.FileType.Directory, ctime: 0, mtime: 0, size: 0 }
      : { type: vscode.FileType.File, ctime: 0, mtime: 0, size: (await get(uri)).length };
  const files = {
    onDidChangeFile: new vscode.EventEmitter().event,
    watch: () => new vscode.Disposable(() => {}),
    stat,
    readFile: get,
    readDirectory: () => [],
    writeFile: refuse,
    createDirectory: refuse,
    delete: refuse,
    rename: refuse,
  };
  context.subscriptions.push(vscode.workspace.registerFileSystemProvider("served", files));
};
