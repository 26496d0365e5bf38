"""The agent inside SSH sessions: real daemons, real clients, real connections."""
