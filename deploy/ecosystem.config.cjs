// srdiag under pm2, for machines where everything else is: pm2 start deploy/ecosystem.config.cjs
// systemd (deploy/systemd) watches it more closely and confines it.
//
// Keys and passwords stay in files; PORT, SR_HOST and their like come from .env in the working directory.
const common = {
  script: process.env.SRDIAG || 'srdiag',
  interpreter: 'none',
  cwd: process.env.SRDIAG_HOME || process.cwd(),
  exec_mode: 'fork', // one process serves everybody; pm2's cluster mode is for Node alone
  instances: 1,
  autorestart: true,
  exp_backoff_restart_delay: 500,
  max_memory_restart: '1G',
  kill_timeout: 15000, // requests at work may end: 10 s
  watch: false,
  time: false, // each line has its own time
};

module.exports = {
  apps: [
    { ...common, name: 'srdiag', args: ['serve', '--http', '--sse'] },
    // the agent beside a customer's cluster: pm2 start deploy/ecosystem.config.cjs --only srdiag-agent
    { ...common, name: 'srdiag-agent', args: ['agent', '--audit-file', 'agent-audit.jsonl'], autostart: false },
  ],
};
