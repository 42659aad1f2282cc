drop trigger invoicing_by_hand_between_approval_and_final on invoicing_invoice;
drop function invoicing_by_hand_guard();
drop trigger invoicing_final_after_all_approvals on invoicing_invoice;
drop function invoicing_final_guard();
