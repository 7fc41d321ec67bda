"""Stand-ins and sample data, for `npm start` and the tests; nothing else imports this room."""
