// What the check needs of the Python and debugpy extensions: the interpreter, the debug type, the Test Explorer's list.
// Names and defaults are those that both document. A check with the real ones proves more: see README.md.
const { spawn } = require('child_process')
const fs = require('fs')
const os = require('os')
const path = require('path')
const vscode = require('vscode')

const root = () => vscode.workspace.workspaceFolders[0].uri.fsPath

function interpreter() {
  const setting = vscode.workspace.getConfiguration('python').get('defaultInterpreterPath')
  return setting.replaceAll('${workspaceFolder}', root())
}

// ---- debugging

const configurations = {
  resolveDebugConfigurationWithSubstitutedVariables(folder, given) {
    const always = { python: [interpreter()], cwd: root(), workspaceFolder: root(), showReturnValue: true }
    return given.request === 'attach' ? given : { ...always, ...given }
  },
}

const adapters = {
  createDebugAdapterDescriptor({ configuration: { request, connect } }) {
    if (request === 'attach') return new vscode.DebugAdapterServer(connect.port, connect.host)
    return new vscode.DebugAdapterExecutable(interpreter(), ['-m', 'debugpy.adapter'])
  },
}

// ---- tests: a folder, a file, a test, as the extension shows them

let tests
const ids = new Map()  // what pytest calls them

// Run pytest with the settings' arguments; return what plugin.py noted: tests, and how they ended.
async function pytest(asked, debugged) {
  const noted = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'stand-in-')), 'noted.jsonl')
  const args = ['-p', 'plugin', `--rootdir=${root()}`, ...asked]
  const env = { STAND_IN_NOTES: noted, PYTHONPATH: [__dirname, process.env.PYTHONPATH].filter(Boolean).join(':') }
  if (debugged) await debug(args, env)
  else await new Promise((done) => {
    spawn(interpreter(), ['-m', 'pytest', ...args], { cwd: root(), env: { ...process.env, ...env } }).on('close', done)
  })
  return fs.existsSync(noted) ? fs.readFileSync(noted, 'utf8').split('\n').filter(Boolean).map(JSON.parse) : []
}

async function debug(args, env) {
  const shared = vscode.workspace.getConfiguration('launch').get('configurations')
    .find((each) => each.purpose?.includes('debug-test'))
  const given = { ...shared, name: 'Debug tests', module: 'pytest', args, env: { ...shared.env, ...env } }
  const ended = new Promise((done) => vscode.debug.onDidTerminateDebugSession((session) =>
    session.name === given.name && done()))
  if (await vscode.debug.startDebugging(vscode.workspace.workspaceFolders[0], given)) await ended
}

function item(id, line) {
  const [file, ...names] = id.split('::')
  const steps = [...file.split('/'), ...names]
  let items = tests.items, found
  steps.forEach((name, i) => {
    const key = steps.slice(0, i + 1).join('/')
    const uri = vscode.Uri.file(path.join(root(), ...file.split('/').slice(0, i + 1)))
    found = items.get(key) ?? tests.createTestItem(key, name, uri)
    items.add(found)
    items = found.children
  })
  found.range = new vscode.Range(line - 1, 0, line - 1, 0)
  ids.set(found, id)
}

async function list() {
  const found = await pytest(['--collect-only', ...vscode.workspace.getConfiguration('python.testing').get('pytestArgs')])
  for (const { id, line } of found) item(id, line)
}

const leaves = (items) => items.flatMap((each) => each.children.size ? leaves([...each.children].map(([, c]) => c)) : [each])

async function run(request, debugged) {
  const chosen = leaves(request.include ?? [...tests.items].map(([, each]) => each))
  const shown = tests.createTestRun(request)
  chosen.forEach((each) => shown.started(each))
  const ended = await pytest(chosen.map((each) => ids.get(each)), debugged)
  for (const each of chosen) {
    const phases = ended.filter((one) => one.id === ids.get(each))
    const failed = phases.find((one) => one.outcome === 'failed')
    if (failed) {
      const message = new vscode.TestMessage(failed.text)
      message.location = new vscode.Location(each.uri, each.range)
      shown.failed(each, message)
    } else if (phases.some((one) => one.outcome === 'passed' && one.when === 'call')) shown.passed(each)
    else shown.skipped(each)
  }
  shown.end()
}

exports.activate = (context) => {
  tests = vscode.tests.createTestController('pytest', 'Python Tests')
  tests.refreshHandler = list
  const { Run, Debug } = vscode.TestRunProfileKind
  tests.createRunProfile('Run', Run, (request) => run(request, false), true)
  tests.createRunProfile('Debug', Debug, (request) => run(request, true), true)
  context.subscriptions.push(
    tests,
    vscode.commands.registerCommand('python.interpreterPath', interpreter),
    vscode.debug.registerDebugConfigurationProvider('debugpy', configurations),
    vscode.debug.registerDebugAdapterDescriptorFactory('debugpy', adapters),
  )
  return list()
}
