drop function accounts_organisation_copy(accounts_organisation);
drop function accounts_buyer_copy(accounts_user);
drop function accounts_seller_copy(accounts_user);
