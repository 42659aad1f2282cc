drop trigger accounts_logo_immutable on accounts_logo;
